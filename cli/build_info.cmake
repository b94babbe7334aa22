# Writes OUTPUT from INPUT, with the commit of SOURCE_DIR in it. Does not touch OUTPUT when nothing has changed.

set(COMMIT "")
find_program(git git)
if(git)
    execute_process(
        COMMAND ${git} -C ${SOURCE_DIR} describe --always --dirty
        OUTPUT_VARIABLE COMMIT
        OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
configure_file(${INPUT} ${OUTPUT} @ONLY)
