"""One file for each program that sends to Postroad or reads from it; `.ci/program NAME` runs one."""
