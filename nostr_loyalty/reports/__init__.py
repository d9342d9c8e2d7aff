"""What an owner wants to know, and what leaves the ledger or comes into it in files: computing and drawing, all pure.

figures       what points did in a month and in all
telling       the same as JSON, and as lines for people
plot, style   bars and lines as SVG, and the colours that they have on a page
page          the report as one self-contained HTML page
records       what an export says of an entry, a balance, a voucher, an order
cells         rows of an export as CSV or JSON lines
old_balances  the rows of an import, checked
trial         the deciding code, run on one order without writing anything
events        what happened, in its order
replaying     the deciding code once more on what happened, under other rules
comparison    what that made, beside what really happened
"""
