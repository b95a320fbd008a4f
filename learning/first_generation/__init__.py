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

What was decided, where the old data leave a choice:

* A user whose e-mail address another user has (here, or earlier in the old database) is imported with all their history
  under an address that no mail reaches; two accounts are never made one, since nobody has proved to own the address.
* A question that cannot be asked, for want of four options or a sure key, is left out, and so are its answers.
* Where it is known what was chosen, the key decides whether it was right; else the old grade stays.
* Further answers to a question outside sessions are further attempts, and count. In a session the first one counts.
* Of the scores of a session the first counts, with the points and the accuracy that the learner was shown; a finished
  session without a score gets one by today's rules.
* Averages and totals are computed, never copied.
* Of several standing orders of a user for one theme and level the latest stays. What fell due meanwhile is not owed.
* DATETIME is the old server's clock: a time that it showed twice is the first, one that it skipped is read with the
  offset before. TIMESTAMP says when, whatever the clock showed. Users keep that clock as their own.
"""
