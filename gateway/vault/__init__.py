"""Who is who: keys, records, pseudonyms, and the broker that alone holds them."""
