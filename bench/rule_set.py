"""A program with about everything: ten earning rules, three tiers, five multipliers, caps, a ttl, rewards.

It is written behind the keys of a venue's section, before its spend rule for sat.
"""

RULES = """
ttl = "365d"
exclude = ["tip", "gift_card"]
[program.tier_basis]
by = "visits"
window = "90d"
grace = "30d"
[[program.tier]]
id = "bronze"
title = "Bronze"
threshold = 5
[[program.tier]]
id = "silver"
title = "Silver"
threshold = 15
[[program.tier]]
id = "gold"
title = "Gold"
threshold = 40
[[program.perk]]
tier = "gold"
type = "multiplier"
value = "1.5"
[[program.multiplier]]
name = "Happy hour"
factor = "2"
schedule = "tue,wed 15:00-18:00"
[[program.multiplier]]
name = "Breakfast"
factor = "1.5"
schedule = "mon-fri 07:00-09:00"
[[program.multiplier]]
name = "Late"
factor = "1.2"
schedule = "fri,sat 22:00-02:00"
[[program.multiplier]]
name = "Christmas"
factor = "3"
schedule = "12-24..12-26"
[[program.multiplier]]
name = "Sunday"
factor = "1.1"
schedule = "sun"
[[program.reward]]
id = "coffee"
title = "a free coffee"
cost = 100
type = "item"
value = "coffee"
[[program.reward]]
id = "five"
title = "5 EUR off"
cost = 500
type = "discount_amount"
value = "5 EUR"
[[program.earn]]
type = "visit"
points = 1
gap = "2h"
[[program.earn]]
type = "spend"
points = 1
per = "1 EUR"
[[program.earn]]
type = "item"
points = 2
item = "espresso"
[[program.earn]]
type = "item"
points = 3
item = "cake"
[[program.earn]]
type = "item"
points = 5
item = "menu"
[[program.earn]]
type = "payment"
points = 1
method = "lightning"
[[program.earn]]
type = "welcome"
points = 10
[[program.earn]]
type = "feedback"
points = 5
[[program.earn]]
type = "referral"
points = 20
friend_points = 10
"""
