/* Succeeds if the driver that the facade lists by name is there, and the one that only registers itself is not: a linker takes
 * from an archive what somebody asks for, and nobody asks for a registration. */
#include <stdio.h>

int decnet_db_drivers_named(int which);

int main(void) {
    int listed = decnet_db_drivers_named(0), submitted = decnet_db_drivers_named(1);
    fprintf(stderr, "listed by the facade: %d, registered at link time only: %d\n", listed, submitted);
    return listed == 1 && submitted == 0 ? 0 : 1;
}
