"""The way in for the data of the first generation, the Node.js service: `manage.py import_first_generation`.

    reading      the old database: its schema, its rows in batches by id, its times
    values       what a cell may hold, and what we make of it
    parsing      options and keys out of JSON, half JSON and the text that the old model wrote
    ledger       what became of each row, written in the transaction that writes what was made of it
    people, questions, answers, sessions, scores, orders, totals      one step for each kind of row
    importing    the steps in their order
    scratch      the database that a dry run fills
    checking     old and new compared, by sums
    report       what is said about it all

No row is dropped without a trace: each is imported, or imported with remarks, or left out with a reason.
"""
