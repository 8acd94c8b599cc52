"""Messages suggested for a campaign: by a provider under guard, or from templates without one."""
