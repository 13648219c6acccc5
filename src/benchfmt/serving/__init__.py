"""A small web application: results of strangers are judged, shown, compared and asked about, each in a process of its own.

This process takes uploads and gives answers; it never reads what is in them. Nothing here is imported by other commands,
and `starlette` and `uvicorn` are the optional extra `serve`.
"""
