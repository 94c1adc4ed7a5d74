"""Service orders (居民点单、网格下单、服务队接单): teams are kept in a register, offered what fits them, and take it; what comes again comes by itself."""
