"""Heavy-pollution warnings (重污染天气预警): entered from the order, followed by tasks at sources, reported."""
