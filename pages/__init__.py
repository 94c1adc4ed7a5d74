"""The console: Streamlit pages. The only importer of streamlit beside app.py."""
