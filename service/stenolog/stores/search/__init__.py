"""Keep `search.db`: opened by apsw alone, never backed up, made again from the log.

Two SQLite libraries must never open one file in one process: closing it in one of them drops the
locks of the other. So nothing here uses the standard library's, and nothing else opens this file.
"""
