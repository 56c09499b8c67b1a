"""Model weights: what there is (`catalogue`), where it lies (`store`), how it comes here (`pull`)."""
