// What every page needs; each module minds one thing.
import "./theme.js";
import "./times.js";
import "./copy.js";
import "./overlays.js";
import "./polling.js";
import "./choosing.js";
import "./keeping.js";
import "./search.js";
