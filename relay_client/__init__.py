"""What happens on a socket: reading from relays and publishing to them. Knows kinds/, and nothing of the ledger or of
points.

Read `pool` first: it is what an owner uses. Below it, from the outside in:

    pool              several relays: take, post, outcomes, states
    errands           connections to relays that are not ours: made when wanted, closed when not
    driver            drives one session: connects again and again, carries texts, time and deliveries
    connection        one socket; the only importer of websockets
    relay_information what a relay says about itself over HTTP (NIP-11)
    asking            who waits for the answer to which question
    backlog           deliveries of one connection that wait for the owner, bounded

and the pure part, without asyncio, sockets, clock or dice:

    session           one relay as a state machine: texts in; texts, deliveries, outcomes and happenings out
    readings          all subscriptions of one connection: which message belongs to which
    reading           one subscription on one relay: live REQ, catch-ups, retries
    schedule          when to catch up
    catch_up          paging through the past, newest first
    known             events that the owner has confirmed, so that a repetition costs nothing
    queries           questions about what a relay holds now, with a deadline
    outgoing          events on their way to one relay, until each has its verdict
    authentication    NIP-42, from the challenge to the relay's OK
    liveness          is the relay still there: listening time, pings
    pace              how many messages a minute this relay bears
    backoff           when to try again
    cursor            where to resume
    messages          the texts of NIP-01 and NIP-42, strictly read
    verdict           a relay's answer, by one table
    filter            what is asked for, and whether an event is it
    subscription      a filter with a name and its windows
    turn              what passes between a session and its readings
    dice              chance, as an argument
    deliveries        what an owner receives
    settings          every bound and every wait, with its unit
    errors            the codes of this room
"""
