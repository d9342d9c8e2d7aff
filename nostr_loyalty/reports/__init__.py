"""What an owner wants to know, and what leaves the ledger or comes into it in files: computing and drawing, all pure.

figures      what points did in a month and in all
telling      the same as JSON, and as lines for people
plot         bars and lines as SVG
page         the report as one self-contained HTML page
cells        rows of an export as CSV or JSON lines
old_balances the rows of an import, checked
recorded     orders of the ledger as the messages they came as
trial        the deciding code, run in memory
"""
