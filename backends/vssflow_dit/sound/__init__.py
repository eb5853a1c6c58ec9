"""Latent, mel spectrogram and waveform: codecs and vocoders between them."""
