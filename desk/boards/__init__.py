"""Notice boards (公示牌): their register, and what people report from the page that their QR opens."""
