"""Papers of inspections: what a community tells a place (隐患告知单), what an authority orders (责令整改通知书), and how a place checks itself by a link (自查)."""
