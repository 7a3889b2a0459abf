/* What a student is given as his own: the files of the lab's folder assign/, with what was
 * drawn for him in them.
 */
#ifndef TRAPEZE_TOOLS_GRADE_ASSIGN_H
#define TRAPEZE_TOOLS_GRADE_ASSIGN_H

#include "tools/grade/lab.h"

#define ASSIGN_FOLDER   "assign" /* below the lab's */
#define ASSIGN_FILE_MAX (1u << 20)

/* Writes them into `to`, which is there. Returns an exit status, after a message. */
int assign_files(const struct lab *lab, const char *to);
/* And ASSIGNMENT.txt, of the lab's "assignment", an array of lines. The folder is made. */
int assign_write(const struct lab *lab, const char *to);

#endif
