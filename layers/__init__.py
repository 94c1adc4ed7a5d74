"""Area packs become validated frames, and frames become maps. The only importer of folium."""
