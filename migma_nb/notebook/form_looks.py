"""The form's own style: numbered parts, the preview beside them on a wide page and below on a narrow one."""

#: Everything is scoped to `.mnb-form`; colours are the page's own, so that both themes are followed.
SHEET = """<style>
/* Twice, to outdo the rule for everything that is framed. */
.mnb.mnb-form { max-width: 1320px; padding-right: 6px; }
.mnb-form .widget-html-content { line-height: 1.45; }
.mnb-form .mnb-form-top { justify-content: space-between; border-bottom: 1px solid var(--mnb-line); }
.mnb-form .mnb-form-top .widget-checkbox { width: auto; }
.mnb-form .mnb-server b { border: 1px solid currentColor; border-radius: 4px; padding: 0 7px;
  margin-right: 6px; }
.mnb-form .mnb-live b { background: #b3261e; border-color: #b3261e; color: #fff; }

.mnb-form .mnb-form-body { flex-flow: row wrap; gap: 0 32px; overflow: visible; align-items: flex-start; }
/* A mail as a desktop has it is 640 pixels wide. */
.mnb-form .mnb-form-fields, .mnb-form .mnb-form-aside { flex: 1 1 400px; min-width: 0; overflow: visible; }
.mnb-form .mnb-form-aside { flex-basis: 560px; }
.mnb-form .mnb-section { padding: 6px 0 12px; overflow: visible; }
.mnb-form .mnb-form-aside { padding-top: 6px; }
.mnb-form .mnb-section-check, .mnb-form .mnb-section-send { border-top: 1px solid var(--mnb-line);
  margin-top: 8px; }
.mnb-form .mnb-section-send { margin-top: 0; }
.mnb-form .mnb-form-head { font-size: 14px; font-weight: 600; margin: 6px 0 4px; line-height: 1.5;
  color: inherit; }
.mnb-form .mnb-form-head span { display: inline-block; width: 20px; height: 20px; line-height: 20px;
  border-radius: 50%; text-align: center; font-size: 12px; margin-right: 8px; background: var(--mnb-tint);
  border: 1px solid var(--mnb-line); }

.mnb-form .mnb-section > .mnb-field, .mnb-form .mnb-section > .mnb-line { overflow: visible; width: 100%;
  margin: 0 0 6px; }
/* A note takes room only while it says something, so that all fields are equally far apart. */
.mnb-form .mnb-note { min-height: 0; margin: 0 2px 0 100px; max-width: 538px; font-size: 12px;
  line-height: 1.4; }
.mnb-form .mnb-note .widget-html-content { font-size: 12px; line-height: 1.4; overflow-wrap: anywhere; }
.mnb-form .mnb-note span, .mnb-form .mnb-quiet { opacity: .75; }
.mnb-form .mnb-note span.mnb-wrong { opacity: 1; }
.mnb-form .mnb-wrong { color: var(--jp-error-color0, #b3261e); font-weight: 600; }
[data-jp-theme-light="false"] .mnb-form .mnb-wrong { color: #ff8a80; }

.mnb-form .mnb-section .widget-text, .mnb-form .mnb-section .widget-textarea,
.mnb-form .mnb-section .widget-dropdown, .mnb-form .mnb-section .widget-select {
  width: calc(100% - 4px); max-width: 640px; }
.mnb-form .mnb-section .widget-label { width: 90px; min-width: 90px; text-align: left; }
.mnb-form .widget-textarea textarea { font-family: var(--jp-code-font-family, monospace); font-size: 12px; }
.mnb-form .mnb-section .widget-toggle-buttons { display: flex; flex-flow: row nowrap;
  align-items: center; width: auto; margin: 2px; overflow: visible; }
.mnb-form .mnb-section .widget-toggle-buttons > :not(.widget-label) { flex: 1 1 auto; min-width: 0;
  width: auto; margin-left: 6px; }
.mnb-form .widget-toggle-buttons .widget-toggle-button { width: auto; min-width: 64px; }
/* The chosen button's shadow is not to be cut. */
.mnb-form :is(.mnb-field, .mnb-line), .mnb-form :is(.mnb-field, .mnb-line) .widget-box { overflow: visible; }

.mnb-form .widget-upload { width: auto; font-size: 0; }
.mnb-form .widget-upload .fa { font-size: 13px; }
.mnb-form .widget-upload::after { font-size: 13px; margin-left: 6px; }
.mnb-form .mnb-upload-list::after { content: "Choose a file …"; content: "Choose a file …" / ""; }
.mnb-form .mnb-upload-template::after { content: "Open a file …"; content: "Open a file …" / ""; }

.mnb-form .mnb-section .mnb-placeholder { flex-wrap: nowrap; width: 100%; max-width: 642px; margin: 0; }
.mnb-form .mnb-placeholder > :first-child { flex: 3 1 0; min-width: 0; width: auto; }
.mnb-form .mnb-placeholder > :nth-child(2) { flex: 2 1 0; min-width: 0; width: auto; }
.mnb-form .mnb-section .mnb-placeholder > :first-child .widget-label { width: 136px; min-width: 136px;
  font-family: var(--jp-code-font-family, monospace); font-size: 12px; }
.mnb-form .mnb-section .mnb-placeholder > :nth-child(2) .widget-label { width: auto; min-width: 0; }

.mnb-form .mnb-section > .mnb-reading { overflow: visible; width: 100%; margin: -2px 0 6px; }
.mnb-form .mnb-section > .mnb-repair { overflow: visible; width: 100%; margin: 8px 0 2px; }
.mnb-form .mnb-repair > .jupyter-button { align-self: flex-start; }
.mnb-form .mnb-how-read { width: auto; align-self: flex-start; margin: 2px 2px 4px 100px; }
.mnb-form .mnb-verdict { font-size: 13px; min-height: 22px; }
.mnb-form .mnb-section .mnb-paged-table .widget-label, .mnb-form .mnb-section .mnb-form-run .widget-label {
  width: auto; min-width: 0; }
.mnb-form .mnb-section .mnb-paged-table .widget-dropdown { width: 260px; }
.mnb-form .mnb-section .mnb-paged-table .widget-text { width: 220px; }
.mnb-form .mnb-section .mnb-test-to, .mnb-form .mnb-section .mnb-confirm { max-width: 420px;
  flex: 1 1 260px; width: auto; }
.mnb-form .mnb-test, .mnb-form .mnb-send { width: auto; min-width: 140px; }
.mnb-form .mnb-as-python { width: auto; align-self: flex-start; margin: 10px 2px 4px; }
.mnb-form .mnb-lines { background: var(--mnb-tint); border-radius: 6px; padding: 10px 12px; overflow-x: auto;
  font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.5; color: inherit;
  max-height: 420px; }
</style>"""
