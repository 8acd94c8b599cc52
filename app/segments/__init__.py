"""Segments: rules that say who, and everything that is done with them.

- `catalogue`: what a rule may ask about in this shop · `rule`: the tree, read from JSON and written back
- `compile`: the rule as MongoDB filters · `preview`: how many and who, exactly or at a glance
- `sentence`: the rule in words, and what changed between two · `explain`: why somebody is in or out
- `grammar`: words to a rule, without AI · `refining`: words that change a rule
- `saved`: segments as they are kept, with revisions, drafts and files · `service`: create, change, restore, delete
- `growth`: size and membership over time · `overlap`: several segments at once · `ideas`: suggested segments
"""
