"""The composer: a campaign's draft and the cards that edit it."""
