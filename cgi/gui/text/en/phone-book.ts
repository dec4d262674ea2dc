/** Texts of the page. */
export const phoneBook = {
  soon: 'This page is being built.',
};
