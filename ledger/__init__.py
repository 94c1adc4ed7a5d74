"""The ledger (台账): the only importer of the database. SQLite by default, PostgreSQL by BATTLEMAP_DATABASE_URL."""
