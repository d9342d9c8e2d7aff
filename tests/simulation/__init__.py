"""Storms: the daemon's parts under a fake clock, among relays that drop, repeat, reorder, delay and lie.

storm_pool   relays in memory with every fault, behind the methods of `relay_client.pool.Pool` that the daemon uses
storm        one seed, one storm: orders, faults, kills at any await; then calm weather and an audit
"""
