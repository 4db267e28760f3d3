/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How rocm-testbed-exec asks the server to run a command, over a unix socket.
 * Plain C without GLib, so that the program starts as fast as one can.
 *
 * It sends one byte with its stdin, stdout and stderr attached (SCM_RIGHTS),
 * the length of the arguments (4 bytes, little endian), and the arguments, each
 * ended by a NUL. The server answers with 4 bytes, the exit status, and closes
 * after a line of text that says why, when it could not run it. A client that
 * closes before has the command killed. */

#define AQR_EXEC_MAX_ARGUMENTS (2u << 20) /* what Linux takes */

/* autopkgtest takes these statuses for "the execute command itself failed". */
#define AQR_EXEC_STATUS_FAILED 255
#define AQR_EXEC_STATUS_RESERVED 254

/* What a command that ends with one of them is said to have ended with. */
#define AQR_EXEC_STATUS_MAPPED 253
