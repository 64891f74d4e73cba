"""Rules: from query text to a tree, from trees to one matcher, and why an article did match.

Nothing here fetches, stores or sends; a rule and an article are values, a match is one too.
"""
