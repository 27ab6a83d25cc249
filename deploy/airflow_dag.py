"""An Airflow DAG: one mapped PapermillOperator task per city, then the pages and the index.

Copy to the DAGs folder; needs `apache-airflow-providers-papermill` and this package in the workers' environment, and
the folder of the project in the Airflow variable `vbp_root`. Each notebook is a task of its own, retried and seen on its own;
the last task makes pages and index with `vbp report`, which renders what changed and names what failed.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

from airflow import DAG
from airflow.models import Variable
from airflow.operators.bash import BashOperator
from airflow.providers.papermill.operators.papermill import PapermillOperator

ROOT = Path(Variable.get("vbp_root", default_var="/opt/vbp"))
OUTPUT = ROOT / "reports" / "airflow"
LANGUAGES = ("zh", "en")


def notebooks() -> list[dict[str, object]]:
    """Return the mapped arguments: one notebook per city and language, own inputs folders among them."""
    with (ROOT / "data" / "cities.csv").open(encoding="utf-8-sig", newline="") as stream:
        places = {row["city"]: "" for row in csv.DictReader(stream)}
    own = ROOT / "data" / "inputs"
    folders = sorted(own.iterdir()) if own.is_dir() else []
    places |= {folder.name: str(folder) for folder in folders if folder.is_dir() and not folder.name.startswith(".")}
    return [
        {
            "output_nb": str(OUTPUT / f"{city}.{lang}.ipynb"),
            "parameters": {"city": city, "lang": lang, "inputs": folder},
        }
        for city, folder in places.items()
        for lang in LANGUAGES
    ]


with DAG(
    dag_id="vbp_reports",
    schedule="0 3 2 * *",  # at 03:00 on the second of each month, when the month's ledger is in
    start_date=datetime(2024, 1, 1),
    catchup=False,
    max_active_tasks=4,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=10), "execution_timeout": timedelta(minutes=15)},
) as dag:
    folder = BashOperator(task_id="folder", bash_command=f"mkdir -p '{OUTPUT}'")
    reports = PapermillOperator.partial(
        task_id="report",
        input_nb=str(ROOT / "notebooks" / "city_report.ipynb"),
        kernel_name="python3",
    ).expand_kwargs(notebooks())
    pages = BashOperator(
        task_id="pages",
        bash_command=f"cd '{ROOT}' && vbp report --all --jobs 2",
        trigger_rule="all_done",
    )
    folder >> reports >> pages
