"""Adds a code cell to the end of a notebook. python docs/tutorial/add_cell.py NOTEBOOK CODE."""

import sys

import nbformat

book = nbformat.read(sys.argv[1], as_version=4)
book.cells.append(nbformat.v4.new_code_cell(sys.argv[2]))
nbformat.write(book, sys.argv[1])
print(f"{sys.argv[1]}: {len(book.cells)} cells")
