"""The form's own style: numbered parts, the preview beside them on a wide page and below on a narrow one."""

#: Everything is scoped to `.mnb-form`; colours are the page's own, so that both themes are followed.
SHEET = """<style>
.mnb-form { max-width: 1320px; gap: 0; }
.mnb-form .widget-html-content { line-height: 1.45; }
.mnb-form .mnb-form-top { justify-content: space-between; border-bottom: 1px solid var(--mnb-line); }
.mnb-form .mnb-form-top .widget-checkbox { width: auto; }
.mnb-form .mnb-server b { border: 1px solid currentColor; border-radius: 4px; padding: 0 7px;
  margin-right: 6px; }
.mnb-form .mnb-live b { background: #b3261e; border-color: #b3261e; color: #fff; }
.mnb-form .mnb-form-body { flex-flow: row wrap; gap: 0 28px; overflow: visible; align-items: flex-start; }
.mnb-form .mnb-form-fields { flex: 1 1 400px; min-width: 0; overflow: visible; }
.mnb-form .mnb-form-aside { flex: 1 1 400px; min-width: 0; overflow: visible; }
.mnb-form .mnb-section { padding: 6px 0 2px; overflow: visible; }
.mnb-form .mnb-head { font-size: 14px; font-weight: 600; margin: 6px 0 4px; line-height: 1.5;
  color: inherit; }
.mnb-form .mnb-head span { display: inline-block; width: 20px; height: 20px; line-height: 20px;
  border-radius: 50%; text-align: center; font-size: 12px; margin-right: 8px; background: var(--mnb-tint);
  border: 1px solid var(--mnb-line); }
.mnb-form .mnb-field { overflow: visible; width: 100%; }
.mnb-form .mnb-note { min-height: 18px; margin: 0 2px 2px 98px; font-size: 12px; line-height: 1.4; }
.mnb-form .mnb-note .widget-html-content { font-size: 12px; line-height: 1.4; overflow-wrap: anywhere; }
.mnb-form .mnb-note span, .mnb-form .mnb-quiet { opacity: .75; }
.mnb-form .mnb-note span.mnb-wrong { opacity: 1; color: var(--jp-error-color0, #b3261e); font-weight: 600; }
.mnb-form .widget-text, .mnb-form .widget-textarea, .mnb-form .widget-dropdown, .mnb-form .widget-select,
.mnb-form .widget-combobox { width: 100%; max-width: 640px; }
.mnb-form .widget-label { width: 90px; min-width: 90px; text-align: left; }
.mnb-form .widget-textarea textarea { font-family: var(--jp-code-font-family, monospace); font-size: 12px; }
.mnb-form .mnb-placeholder > * { flex: 1 1 220px; max-width: 316px; }
.mnb-form .mnb-placeholder .widget-label { font-family: var(--jp-code-font-family, monospace);
  font-size: 12px; }
.mnb-form .widget-upload { margin-left: 98px; width: auto; }
.mnb-form .mnb-meaning { margin-left: 96px; font-size: 12px; opacity: .75; line-height: 1.4; }
.mnb-form .mnb-verdict { font-size: 13px; min-height: 22px; }
.mnb-form .mnb-wrong { color: var(--jp-error-color0, #b3261e); font-weight: 600; }
.mnb-form .mnb-section-check, .mnb-form .mnb-section-send { border-top: 1px solid var(--mnb-line); }
.mnb-form .mnb-test-to, .mnb-form .mnb-confirm { max-width: 380px; flex: 1 1 260px; }
.mnb-form .mnb-test, .mnb-form .mnb-send { width: auto; min-width: 120px; }
.mnb-form .mnb-lines { background: var(--mnb-tint); border-radius: 6px; padding: 10px 12px; overflow-x: auto;
  font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.5; color: inherit;
  max-height: 420px; }
</style>"""
