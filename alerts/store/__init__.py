"""The rows everything hangs on: schema, migrations, claims, and one file per noun.

SQLAlchemy Core, one SQL for SQLite and PostgreSQL. Functions take an open connection; who calls
them (pipeline, engine, cli) decides what is one transaction. Nothing here decides what is sent.
"""
