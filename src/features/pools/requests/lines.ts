/** Texts of several lines in a field of the control socket, which is one line. */

/** A line break is `\n` there, and a backslash `\\`. */
export const packed = (text: string): string => text.replaceAll(/[\\\n]/g, sign => (sign === '\n' ? '\\n' : '\\\\'));

export const unpacked = (text: string): string => text.replaceAll(/\\([\\n])/g, (_, sign: string) => (sign === 'n' ? '\n' : '\\'));
