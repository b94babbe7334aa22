// What a part of a program does with the version of procpool that it is compiled with.
#pragma once

#define USER_OF(version)                                                                       \
    namespace version {                                                                        \
    void init(int argc, char** argv);                                                          \
    /* Runs a pool: values, an exception and a crash. `meanwhile` is called while it lives. */ \
    bool works(bool (*meanwhile)());                                                           \
    /* Calls it in a worker. */                                                                \
    bool works_in_a_worker(bool (*function)());                                                \
    }
