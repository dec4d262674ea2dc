/** Texts of the page. */
export const users = {
  soon: 'This page is being built.',
};
