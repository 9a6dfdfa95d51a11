/** Of 127.0.0.1, where the command and the processes meet. */
export const PORT = 4590;
