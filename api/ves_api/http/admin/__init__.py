"""Administration over REST: `/api/v1/admin/*` (http-api 11)."""
