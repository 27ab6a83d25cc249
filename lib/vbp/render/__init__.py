"""Reports: papermill runs, pages that work offline, index, summaries and run records."""
