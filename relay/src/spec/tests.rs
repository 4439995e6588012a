mod files;
mod round_trip;
mod together;
mod urls;
