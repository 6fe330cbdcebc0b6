"""Who answers for the data: where a number comes from, how long it is kept, what names and conversions mean."""
