"""A synthetic inputs folder of the invented 示范市, with planted effects that tests and validation can recover."""

from vbp.demo.make import Simulation, make_demo, simulate

__all__ = ["Simulation", "make_demo", "simulate"]
