"""The workbench of organizations: their people, rosters, nominations and branch activities."""
