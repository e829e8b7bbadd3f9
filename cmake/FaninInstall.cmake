install(TARGETS fanin)
