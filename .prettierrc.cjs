// The style of the OCA's template; the same as Odoo's own XML and JavaScript.
module.exports = {
  plugins: [require.resolve("@prettier/plugin-xml")],
  bracketSpacing: false,
  printWidth: 88,
  proseWrap: "preserve",
  trailingComma: "es5",
  xmlWhitespaceSensitivity: "preserve",
};
