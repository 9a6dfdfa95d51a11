/** What an option of another library is called here. */
export interface Translation {
  /** The names, as the other libraries have them. */
  readonly names: readonly string[];
  /** Where they come from. */
  readonly from: string;
  /** What to write instead: an option's path; undefined: there is no such option. */
  readonly write?: string;
  /** What differs. */
  readonly note?: string;
}

/**
 * What to say of a name that is no option here, but one in another library.
 *
 * @param fits whether an option makes sense in the place where the name was found
 */
export function translated(
  table: readonly Translation[],
  name: string,
  fits: (write: string) => boolean,
): string | undefined {
  const found = table.find(
    ({ names, write }) => names.includes(name) && (write === undefined || fits(write)),
  );
  if (found === undefined) return undefined;
  const { write, note } = found;
  return write === undefined ? note : `here it is ${write}${note === undefined ? '' : `, ${note}`}`;
}
