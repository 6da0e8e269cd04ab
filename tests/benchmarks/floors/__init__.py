"""The least that a Django view can cost on this machine: what the academy's pages are compared with."""
