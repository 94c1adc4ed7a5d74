"""Figures, papers and workbooks: where areas and rules meet. One filter, one query, one answer everywhere."""
